"""Floor: model. Plain values and pure functions; nothing here touches the running interpreter."""
