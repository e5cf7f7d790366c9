"""Quizzes about parts of a course, and outlines of documents, written by models and held against their sources."""
