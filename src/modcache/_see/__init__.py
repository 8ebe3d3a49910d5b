"""The room where one looks: what is loaded, who brought it, what is wrong with it, what differs from its file."""
