"""The platform on one machine: embedded PostgreSQL and Airflow under an own supervisor.

Not for rules or rows: nothing here ever sees customer information. ``postgres`` and ``airflow`` start, watch and stop;
``secrets`` makes their passwords; ``hosting`` decides under which account and in which folder the database lies;
``rest`` talks to Airflow. On many servers none of this is used: see ``docker-compose.yml``.
"""
