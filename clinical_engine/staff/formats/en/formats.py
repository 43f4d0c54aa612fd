"""How the admin writes times: always with the zone, since staff read times of organisations in several zones."""

DATETIME_FORMAT = "j M Y, H:i T"
SHORT_DATETIME_FORMAT = "j M Y, H:i T"
