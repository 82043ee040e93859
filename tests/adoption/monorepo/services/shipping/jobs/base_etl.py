"""What the jobs of shipping share, which is something else than in billing."""


class BaseETL:
    def run(self) -> None:
        print("shipped")
