# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What the role of the job may read and write in S3, and which tables it may register. With reads, this is the job's
# own folders and what reads and writes name: the role is narrow. Without reads it is wide: all of bronze and
# artifacts, silver and gold.

locals {
  is_narrow = var.reads != null

  # The buckets by the names that reads and writes have for them: zones, and s3://acme-landing-{env}.
  buckets = merge(var.buckets, {
    for name in keys(coalesce(var.reads, {})) :
    name => replace(trimprefix(name, "s3://"), "{env}", var.environment) if startswith(name, "s3://")
  })
  zones = sort(keys(local.buckets))

  # The runtime writes the table and the quarantine, each with a folder for the rows that a run stages, and what became
  # of each file.
  own_folders = local.is_narrow ? [
    "${var.table}/", "_staging/${var.table}/", "_quarantine/${var.table}/", "_quarantine/_staging/${var.table}/",
    "_loads/${var.table}/",
  ] : []

  read_folders = { for zone in local.zones : zone => try(var.reads[zone], []) }
  written_folders = {
    for zone in local.zones : zone => concat(zone == "silver" ? local.own_folders : [], lookup(var.writes, zone, []))
  }

  # S3 has no folders: S3A and EMRFS also look up, and write, an empty object in the place of a folder, and of each
  # folder above one that they write.
  objects = {
    for way, folders in { read = local.read_folders, written = local.written_folders } : way => flatten([
      for zone, names in folders : [
        for name in names : [
          for ending in name == "" ? ["*"] : ["", "_$folder$", "/*"] :
          "${local.s3_arn}${local.buckets[zone]}/${trimsuffix(name, "/")}${ending}"
        ]
      ]
    ])
  }
  folders_above = distinct(flatten([
    for zone, names in local.written_folders : [
      for name in names : [
        for depth in range(1, length(split("/", trimsuffix(name, "/")))) : [
          for ending in ["", "/", "_$folder$"] :
          "${local.s3_arn}${local.buckets[zone]}/${join("/", slice(split("/", name), 0, depth))}${ending}"
        ]
      ]
    ]
  ]))

  # Glue itself fetches these with the rights of the role.
  code = [
    for location in concat([var.script_location, var.runtime_location], compact([var.wheels_location]), var.jars) :
    replace(location, "s3://", local.s3_arn)
  ]
  temporary_objects = "${local.s3_arn}${var.buckets.artifacts}/temporary/${var.name}/*"

  # The state machine writes the lists of files here that a run is over.
  manifests = "${local.s3_arn}${var.buckets.artifacts}/manifests/${var.name}/*"

  readable = local.is_narrow ? concat(local.objects.read, local.code, [local.manifests]) : [
    "${local.s3_arn}${var.buckets.bronze}/*",
    "${local.s3_arn}${var.buckets.artifacts}/*",
  ]
  writable = local.is_narrow ? concat(local.objects.written, local.folders_above, [local.temporary_objects]) : [
    "${local.s3_arn}${var.buckets.silver}/*",
    "${local.s3_arn}${var.buckets.gold}/*",
    local.temporary_objects,
  ]

  # The tables of the Data Catalog that the runtime registers: a job's own one, and that of its quarantine.
  # Their names there have no other characters than these.
  own_table  = local.is_narrow ? replace(lower(var.table), "/[^a-z0-9_]/", "_") : "*"
  catalogued = local.is_narrow ? [local.own_table, "${local.own_table}_quarantine"] : ["*"]

  written_zones = [
    for zone in ["silver", "gold", "artifacts"] : zone
    if !local.is_narrow || zone == "artifacts" || length(local.written_folders[zone]) > 0
  ]
  listed_zones = [
    for zone in local.zones : zone
    if !local.is_narrow || contains(local.written_zones, zone) || length(local.read_folders[zone]) > 0
  ]
}
