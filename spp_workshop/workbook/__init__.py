"""Worksheets as Excel workbooks, there and back: one workbook per company, read however it comes home.

    columns     the cells of a question, and what they show
    stamps      name and version that a sheet carries, and ids of rows that are not written yet
    wording     a text in one language, or in two with one above the other
    plans       what a company's workbook holds, as data
    looks       letters, colours, widths
    growing     rows that grow with what is typed into them
    texts       the words that stand on every sheet
    cells       one cell to be filled in
    tables      a worksheet that is a list, as a sheet
    sheets      a worksheet with one answer to each question, as a sheet
    writing     the workbook: cover, sheets, drop-downs
    exporting   the workbooks of all companies, as files

Nothing that is written holds a formula, a macro or an address; whatever people typed is written as text.
"""
