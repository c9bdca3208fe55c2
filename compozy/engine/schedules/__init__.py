"""Schedules: when workflows run by themselves, and how what is in force is brought to what the files say."""
