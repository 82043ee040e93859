# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What the role needs for connections: Glue looks them up, and puts a network interface into their subnet for each
# worker, with the rights of the role. These are the statements of AWS's own policy AWSGlueServiceRole about networks.

locals {
  ec2_arn = "arn:${module.account.partition}:ec2:${module.account.place}"
}

resource "aws_iam_role_policy" "network" {
  count = length(var.connections) > 0 && var.role_arn == null ? 1 : 0

  name = "network"
  role = aws_iam_role.job[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadConnections"
        Effect = "Allow"
        Action = ["glue:GetConnection"]
        Resource = concat(
          ["arn:${module.account.partition}:glue:${module.account.place}:catalog"],
          [for name in var.connections : "arn:${module.account.partition}:glue:${module.account.place}:connection/${name}"],
        )
      },
      {
        # EC2 knows no resources for these.
        Sid    = "SeeTheNetwork"
        Effect = "Allow"
        Action = [
          "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints",
        ]
        Resource = ["*"]
      },
      {
        Sid      = "CreateNetworkInterfaces"
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface"]
        Resource = [for kind in ["network-interface", "security-group", "subnet"] : "${local.ec2_arn}:${kind}/*"]
      },
      {
        Sid      = "DeleteNetworkInterfaces"
        Effect   = "Allow"
        Action   = ["ec2:DeleteNetworkInterface"]
        Resource = ["${local.ec2_arn}:network-interface/*"]
      },
      {
        Sid      = "TagNetworkInterfaces"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags", "ec2:DeleteTags"]
        Resource = ["${local.ec2_arn}:network-interface/*"]
        Condition = {
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["aws-glue-service-resource"] }
        }
      },
    ]
  })
}
