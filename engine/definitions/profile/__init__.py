"""The BPMN profile: one table of what a process file may contain; everything else is refused."""
