"""The three jobs that the documentation prints, as it prints them, and one of every kind."""

from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob


class SalesETLJob(BaseGlueJob):
    def extract(self) -> DataFrame:
        # This call now works for both trigger types automatically
        return self.load_data("sales")  # No changes needed!


class CustomerImportJob(BaseGlueJob):
    def extract(self) -> DataFrame:
        fallback_path = "tests/test_data/customer_import/customers.csv"
        return self.load_data("customers", fallback_path)  # No changes needed!


class ProductCatalogJob(BaseGlueJob):
    def extract(self) -> DataFrame:
        return self.load_data("products")
