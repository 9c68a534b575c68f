"""Files of other programs as sheets of cells: the values alone, read within bounds and without trust.

    grids       a sheet as its cells, and how much of one is read
    parts       what is zipped in a file, unpacked within bounds
    xlsx, ods   two kinds of file, read piece by piece
    binary      two older ones, looked through before another reader gets them
    apart       that reader, in a process of its own
    opening     a file of whatever kind, opened

Nothing here knows of worksheets.
"""
