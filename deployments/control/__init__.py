"""The control loop: carries out commands, mirrors the accounts into Prefect, watches the cycles."""
