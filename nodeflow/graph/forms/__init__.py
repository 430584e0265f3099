"""Everything a document says that is no plain node: subgraphs, bypass and mute, reroutes, lists
and loops, resolved here into plain nodes and links. Knows node types by their ports only."""
