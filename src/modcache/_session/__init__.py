"""The hall: where the rooms are composed into a session."""
