"""The Temporal edge: the workflow definition, the activities, the worker."""
