"""A job without bookmarks."""


class Job:
    def __init__(self, context):
        pass

    def init(self, name, args):
        pass

    def commit(self):
        pass
