"""Worksheets as XLSForms, the standard that KoboToolbox, ODK and other form tools share.

    names       the names of what we add to a worksheet's questions, and the form's stamp
    surveys     a worksheet as the three sheets of an XLSForm, as data
    writing     the same as an Excel workbook

What comes back from such a form is read in `workbook`: the exports of these tools are workbooks and tables.
"""
