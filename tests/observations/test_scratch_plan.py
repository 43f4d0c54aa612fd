import os, psycopg2, time
import pytest
from django.db import transaction
from clinical_engine.common.database import *
from clinical_engine.jobs import worker
from observations.library import LIBRARY
from observations.services import install_library
from tests import factories
from tests.observations.facts import *
from tests.observations.diabetes.running import run, REAL
import observations.recompute as r, inspect, re
def owner(sql):
    c=psycopg2.connect(os.environ["DATABASE_OWNER_URL"]); c.autocommit=True
    c.cursor().execute(sql); c.close()
T="patients_patient, patients_association, patients_statement, observations_measurement, observations_observation, jobs_job"
SQL=re.search(r'"""\n(        UPDATE.*?)"""',inspect.getsource(r._cover),re.S)[1]
def measure(label):
    with transaction.atomic():
        run(REAL)
        worker.work("associate","default")
        d=dict(fetch_all("select patient_id, dirty_from from jobs_job where kind='recompute' and state='available'"))
        print("\n=====",label,len(d), fetch_all("select relname,relpages,reltuples from pg_class where relname in ('observations_measurement','patients_association')"))
        p=[array_literal(d), array_literal(d.values())]
        for row in fetch_all("EXPLAIN "+SQL,p): print("  ",row[0][:130])
        execute("SET LOCAL statement_timeout='8s'")
        t=time.time()
        try:
            with transaction.atomic(): r._cover(d)
        except Exception as e: print(type(e))
        print("TOOK",time.time()-t)
        transaction.set_rollback(True)
@pytest.mark.parametrize("how",["ANALYZE","VACUUM ANALYZE", "VACUUM"])
def test_x(committed_db, work, how):
    install_library(scripts=LIBRARY)
    with transaction.atomic():
        run(REAL); transaction.set_rollback(True)
    owner(f"{how} {T}")
    measure(how+" after a rolled back import")
    owner(f"{how} {T}")
    s=factories.submitter()
    for k in range(5):
        state(s,-40,f"s-{k}",external_id=f"p-{k}")
        record(s,*(reading_on(-d/10, external_id=f"p-{k}") for d in range(4)))
    work()
    owner(f"{how} {T}")
    measure(how+" with a few live rows among the dead")
