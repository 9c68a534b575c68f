"""The commands of `spp-workshop`: what can be typed, and what each command then does.

line           the words of the command line: commands, options, help (`homework_line` those for homework)
options        the options that several commands take
voice          how a command speaks, in one language, to a person or to a program
workshops      new, open, validate
documents      summaries, report, demo
preflight, serve, seats          a session that people join with their own devices
homework       worksheets, homework
"""
