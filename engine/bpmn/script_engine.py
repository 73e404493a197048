"""Where the library meets our expression language: the scope is found here, because only here the task is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment
from SpiffWorkflow.task import Task

from engine.bpmn.variables import assign, scope_of
from engine.expressions.interpreter import evaluate
from engine.expressions.scripts import assignments


class Interpreter(BasePythonScriptEngineEnvironment):
    """The environment of the library, without ``eval`` and ``exec``."""

    def __init__(self, functions: Mapping[str, Callable[..., object]]) -> None:
        super().__init__({})
        self.functions = functions

    def evaluate(
        self, expression: str, context: Mapping[str, object], external_context: Mapping[str, object] | None = None
    ) -> object:
        """Value of an expression in a scope; ExpressionError when it has none."""
        return evaluate(expression, context, self.functions)


class ScriptEngine(PythonScriptEngine):
    """Evaluates and executes with the variables that the task sees."""

    def __init__(self, functions: Mapping[str, Callable[..., object]]) -> None:
        super().__init__(Interpreter(functions))

    def evaluate(self, task: Task, expression: str, external_context: object = None) -> object:
        """Value of an expression at a task; the library's external context is not part of our scope."""
        return self.environment.evaluate(expression, scope_of(task))

    def execute(self, task: Task, script: str, external_context: object = None) -> bool:
        """Run the ``variable = expression`` lines of a script task, in order."""
        for name, expression in assignments(script):
            assign(task, name, self.evaluate(task, expression))
        return True


def evaluate_at(task: Task, expression: str) -> object:
    """Value of an expression with the variables that the task sees."""
    return task.workflow.script_engine.evaluate(task, expression)
