"""Worksheets as Excel workbooks, there and back: one workbook per company, read however it comes home.

Out:
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

Back:
    recognising which worksheet a sheet is, and which of its cells are about what
    finding     its rows and answers
    naming      which row of the store each of them is
    lineage     what a file knows of because an earlier one brought it
    comparing   what is new, changed, in conflict or wrong
    applying    what is good is stored, and the file kept
    annotating  the marked copy for the company
    importing   all of this for several files

What is said of it, and where files are handed in:
    states, telling, findings   in words, as lines and as data for a page
    asking      the words of the place at which files are taken in
    refused     files that were another company's
    waiting     files that a facilitator hands on

Forms of KoboToolbox and ODK, and their exports:
    xlsforms    the worksheets as forms
    formcodes   by which companies say who they are
    exports     the tables of an export
    heads       which question a column of it is
    submissions whose each line is
    submitted   its answers, judged like those of a workbook

Nothing that is written holds a formula, a macro or an address; whatever people typed is written as text.
"""
