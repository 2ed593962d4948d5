"""Registers of authority and licences: reading CSV and XLSX, what each row means, and what an import changes."""
