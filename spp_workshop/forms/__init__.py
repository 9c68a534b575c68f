"""What a form shows, and what it is answered: the same for a notebook and for a page, without any widget.

`definition` is a worksheet in both languages (no answers in it), `place` says whose answers may be given, and
`reply` takes one message of the form and gives one answer. Who may do what, what is stored and what is wrong
is decided by `Workshop`; here it is only put into words.

Messages are `{id, do, worksheet, subject}` with `do` one of

    open      {known}                   -> {revision, rows, stuck}; {same} when nothing changed since then;
                                           `stuck` is null where nobody can say that they are stuck
    save      {row, based_on, changes}  -> {row, refused, conflicts}; the readable and undisputed is stored
    add       {added: {row: changes}}   -> {rows: {row: as of save}}: several new rows, stored at once
    submit    {}                        -> {revision, rows, problems}; submitted when there are no problems
    withdraw  {row} or {rows}           -> {}
    undo      {row}                     -> {row}: the row as it was before it was withdrawn
    history   {row}                     -> {history}
    restore   {row, revision}           -> {row}
    reorder   {rows}                    -> {}: the list in this order; the later of two has it
    read      {cells, field, columns}   -> {columns, header, read}: what a block of cells means
    stuck     {row, field, note}        -> {stuck}: told to the facilitator
    unstuck   {row, field}              -> {stuck}

Every answer carries the id; one that could not be given carries `faults` instead.
"""

from .definitions import definition
from .places import place
from .replies import reply
from .words import ui

__all__ = ["definition", "place", "reply", "ui"]
