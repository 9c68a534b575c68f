"""Tools for workshops on business and human rights."""
