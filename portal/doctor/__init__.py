"""The doctor: everything an installation needs, each asked by one small check that answers in one sentence."""
