"""Room: refresh. Know, diff, plan, prepare, commit, report."""
