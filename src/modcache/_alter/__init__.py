"""The room where a module cache is altered within a scope: replaced, virtual, fake, blocked, isolated; snapshots."""
