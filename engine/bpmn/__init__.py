"""Running BPMN processes; the only package that imports SpiffWorkflow."""
