"""What the generics of one node stand for."""

from nodeflow.node.port import (
    ANY,
    BOOLEAN,
    FLOAT,
    INT,
    STRING,
    Generic,
    ListType,
    PortType,
    TypeExpression,
    accepts,
)

LITERALS: dict[type, PortType] = {bool: BOOLEAN, int: INT, float: FLOAT, str: STRING}


class Generics:
    """Found from the values that the node's inputs take, one after the other."""

    def __init__(self) -> None:
        self.bound: dict[str, TypeExpression] = {}

    def bind(self, target: TypeExpression, source: TypeExpression) -> TypeExpression | None:
        """Note what a linked value is; returns the type expected instead where it does not fit."""
        if isinstance(target, ListType) and isinstance(source, ListType):
            return self.bind(target.item, source.item)
        if not isinstance(target, Generic):
            return None
        known = self.bound.get(target.name, ANY)
        if known == ANY or accepts(source, known):
            self.bound[target.name] = source
        elif not accepts(known, source):
            return known
        return None

    def bind_literal(self, target: TypeExpression, value: object) -> None:
        """Note what a literal is, unless a link says it."""
        if isinstance(target, Generic):
            self.bound.setdefault(target.name, LITERALS.get(type(value), ANY))

    def resolve(self, kind: TypeExpression) -> TypeExpression:
        """A type with its generics replaced by what they stand for."""
        if isinstance(kind, Generic):
            return self.bound.get(kind.name, ANY)
        if isinstance(kind, ListType):
            item = self.resolve(kind.item)
            return ListType(item) if isinstance(item, PortType | Generic) else ListType(ANY)
        return kind
