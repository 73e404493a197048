"""Process definitions: the BPMN profile, the publish checks, the plain-data model of a file and its text twin."""
