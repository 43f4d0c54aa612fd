"""What scripts compute from a patient's facts: read for many patients at once, evaluated where something changed, written.

Times are whole microseconds since 1970 throughout, which compare and subtract exactly and several times as fast as datetimes;
ids are texts.
"""
