"""The National Early Warning Score 2 (Royal College of Physicians, 2017) as a script, and a patient with normal readings."""

from observations.engine import Input

SOURCE = """\
resp = band(respiration_rate, [8, 11, 20, 24], [3, 1, 0, 2, 3])
if spo2_scale == 2 and on_oxygen and spo2 >= 93:
    sats = band(spo2, [94, 96], [1, 2, 3])
elif spo2_scale == 2:
    sats = band(spo2, [83, 85, 87], [3, 2, 1, 0])
else:
    sats = band(spo2, [91, 93, 95], [3, 2, 1, 0])
oxygen = 2 if on_oxygen else 0
bp = band(systolic_bp, [90, 100, 110, 219], [3, 2, 1, 0, 3])
heart = band(pulse, [40, 50, 90, 110, 130], [3, 1, 0, 1, 2, 3])
acvpu = 0 if consciousness == "A" else 3
temp = band(temperature, [35.0, 36.0, 38.0, 39.0], [3, 1, 0, 1, 2])
parts = [resp, sats, oxygen, bp, heart, acvpu, temp]
score = sum(parts)
if score >= 7:
    risk = "high"
elif score >= 5:
    risk = "medium"
elif 3 in parts:
    risk = "low-medium"
else:
    risk = "low"
result = {"score": score, "risk": risk}
"""

NORMAL: dict[str, Input] = {
    "respiration_rate": 16,
    "spo2": 98,
    "on_oxygen": False,
    "spo2_scale": 1,
    "systolic_bp": 120,
    "pulse": 70,
    "consciousness": "A",
    "temperature": 37.0,
}
