"""Decision tables: DMN 1.3, S-FEEL unary tests, hit policies U, F, A and C (ADR 0016)."""
