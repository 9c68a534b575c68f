"""Worksheets on paper, for when the network fails in the room: to be written on, and typed back in later.

planning    who gets which worksheets, and what stands on them already
drawing     a page as a template draws it: texts in one language or two, boxes, lines to write on
making      the files: HTML, and PDF where this machine can make it
"""
