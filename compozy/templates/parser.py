"""The parser of whole templates: text, outputs, assignments and blocks."""

from functools import lru_cache
from typing import Final

from compozy.templates.errors import template_error
from compozy.templates.expressions import ExpressionParser
from compozy.templates.nodes import (
    Assign,
    Body,
    Branch,
    If,
    Output,
    Range,
    Statement,
    Template,
    Text,
    With,
    tolerant,
)
from compozy.templates.tokens import Kind, Token, tokenize

_BLOCKS: Final = frozenset({"if", "with", "range"})
_REFUSED: Final = frozenset({"define", "template", "block", "break", "continue"})
_WORDS: Final = _BLOCKS | _REFUSED | {"else", "end"}


@lru_cache(maxsize=4096)
def parse(source: str) -> Template:
    """Return the parsed template; the same one for the same text, since it is frozen.

    Raises:
        TemplateError: The syntax is wrong, or a function or variable is unknown.
    """
    try:
        return _Parser(source).template()
    except RecursionError as error:
        raise template_error(source, 0, "nested too deeply") from error


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = ExpressionParser(source, tokenize(source))

    def template(self) -> Template:
        body = self._body()
        stray = self._tokens.peek()
        if stray.kind is not Kind.END:
            word = self._tokens.peek(1)
            raise self._error(word.at, f'"{word.text}" without a block', "it belongs to if, with or range")
        whole = self._source.startswith("{{") and self._source.endswith("}}")
        single = body[0].expression if whole and len(body) == 1 and isinstance(body[0], Output) else None
        return Template(self._source, body, single)

    def _body(self) -> Body:
        """Read statements up to an ``else`` or ``end``, which is left for the block, or the end of the template."""
        statements: list[Statement] = []
        while (token := self._tokens.peek()).kind is not Kind.END:
            if token.kind is Kind.TEXT:
                statements.append(Text(self._tokens.take().text))
                continue
            word = self._word()
            if word in {"else", "end"}:
                break
            self._tokens.take()
            statements.append(self._action(word))
        return tuple(statements)

    def _word(self) -> str | None:
        """Return the keyword that begins the action that is next, or None."""
        token = self._tokens.peek(1)
        return token.text if token.kind is Kind.NAME and token.text in _WORDS else None

    def _action(self, word: str | None) -> Statement:
        token = self._tokens.peek()
        if word in _REFUSED:
            raise self._error(token.at, f'"{word}" is not part of this language', "use if, with, range and variables")
        if word in _BLOCKS:
            self._tokens.enter(token.at)
            declared = len(self._tokens.variables)
            statement = self._range() if word == "range" else self._branches(word)
            del self._tokens.variables[declared:]
            self._tokens.leave()
            return statement
        return self._plain()

    def _plain(self) -> Statement:
        token = self._tokens.peek()
        mark = self._tokens.peek(1)
        if token.kind is Kind.VARIABLE and mark.kind is Kind.MARK and mark.text in {":=", "="}:
            name = self._variable_name()
            self._tokens.take()
            expression = self._tokens.pipeline()
            self._close()
            if mark.text == ":=":
                self._tokens.variables.append(name)
            elif name not in self._tokens.variables:
                raise self._error(token.at, f'variable "{name}" is not declared', f"declare it: {name} := value")
            return Assign(name, expression, token.at, declares=mark.text == ":=")
        if token.kind is Kind.CLOSE:
            raise self._error(token.at, "an empty action", "write a path such as .workflow.input")
        expression = self._tokens.pipeline()
        self._close()
        return Output(expression, token.at)

    def _branches(self, word: str | None) -> If | With:
        """Read an ``if`` or ``with`` from its keyword to its ``end``."""
        branches: list[Branch] = []
        otherwise: Body = ()
        opening = self._tokens.peek()
        more = True
        while more:
            branches.append(self._branch())
            more = False
            ending = self._ending(opening)
            if ending == "else" and self._tokens.peek().kind is Kind.NAME and self._tokens.peek().text == word:
                more = True
            elif ending == "else":
                self._close()
                otherwise = self._body()
                self._expect_end(opening)
        return If(tuple(branches), otherwise) if word == "if" else With(tuple(branches), otherwise)

    def _branch(self) -> Branch:
        at = self._tokens.take().at
        variable = None
        if self._tokens.peek().kind is Kind.VARIABLE and self._tokens.peek(1).text == ":=":
            variable = self._variable_name()
            self._tokens.take()
        condition = tolerant(self._tokens.pipeline())
        self._close()
        if variable:
            self._tokens.variables.append(variable)
        return Branch(condition, variable, self._inner_body(), at)

    def _range(self) -> Range:
        opening = self._tokens.take()
        names = self._range_variables()
        expression = self._tokens.pipeline()
        self._close()
        self._tokens.variables.extend(names)
        body = self._inner_body()
        del self._tokens.variables[len(self._tokens.variables) - len(names) :]
        otherwise: Body = ()
        if self._ending(opening) == "else":
            self._close()
            otherwise = self._body()
            self._expect_end(opening)
        value = names[-1] if names else None
        return Range(names[0] if len(names) > 1 else None, value, expression, body, otherwise, opening.at)

    def _range_variables(self) -> list[str]:
        """Read ``$value :=`` or ``$key, $value :=``; nothing when neither is there."""
        mark = self._tokens.peek(1)
        if self._tokens.peek().kind is not Kind.VARIABLE or mark.text not in {":=", ","}:
            return []
        names = [self._variable_name()]
        if self._tokens.take_mark(","):
            names.append(self._variable_name())
        if not self._tokens.take_mark(":="):
            raise self._error(mark.at, "variables without :=", "write: range $key, $value := expression")
        return names

    def _variable_name(self) -> str:
        token = self._tokens.take()
        if token.kind is not Kind.VARIABLE or token.text == "$" or "." in token.text:
            raise self._error(token.at, f'expected a variable, found "{token.text}"', "variables are called $name")
        return token.text

    def _inner_body(self) -> Body:
        """Read the body of a block; what it declares ends with it."""
        declared = len(self._tokens.variables)
        body = self._body()
        del self._tokens.variables[declared:]
        return body

    def _ending(self, opening: Token) -> str:
        """Consume what ends a body: return ``end`` (closed) or ``else`` (the rest of its action is next)."""
        if self._tokens.take().kind is not Kind.OPEN:
            raise self._error(opening.at, "this block is not closed", "end it with {{ end }}")
        word = self._tokens.take()
        if word.text == "end":
            self._close()
        return word.text

    def _expect_end(self, opening: Token) -> None:
        if self._ending(opening) != "end":
            raise self._error(opening.at, "a second else in this block", "end it with {{ end }}")

    def _close(self) -> None:
        token = self._tokens.take()
        if token.kind is not Kind.CLOSE:
            raise self._error(token.at, f'unexpected "{token.text}"', "end the action with }}")

    def _error(self, at: int, message: str, hint: str | None = None) -> Exception:
        return template_error(self._source, at, message, hint)
