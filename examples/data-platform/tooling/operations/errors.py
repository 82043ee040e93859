# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The errors that commands print without a traceback."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
)

_CREDENTIALS = {
    *("AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature"),
    *("InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException"),
    *("MissingAuthenticationToken", "RequestExpired", "SignatureDoesNotMatch"),
    "UnrecognizedClientException",
}
_DENIED = {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError"}
_MISSING = {
    *("404", "AWS.SimpleQueueService.NonExistentQueue", "EntityNotFoundException"),
    *("NoSuchBucket", "NoSuchEntity", "NotFound", "QueueDoesNotExist"),
    *("ResourceNotFoundException", "StateMachineDoesNotExist"),
}
_TOO_FAST = {
    *("RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException"),
    "TooManyRequestsException",
}


class OperationError(Exception):
    """A command failed; the message says what was expected, what was found, and what to do."""


def advice(error: BotoCoreError | ClientError, environment: str) -> str:
    """What to do after an error of AWS, or on the way to it."""
    if isinstance(error, BotoCoreError):
        if isinstance(error, ConnectionError | HTTPClientError):
            return "check the network, and AWS_REGION"
        return "check aws sts get-caller-identity, AWS_PROFILE and AWS_REGION"
    code = error.response["Error"].get("Code", "")
    if code in _CREDENTIALS:
        return "check aws sts get-caller-identity and AWS_PROFILE"
    if code in _DENIED:
        return f"your role needs the permission for {error.operation_name} there"
    if code in _MISSING:
        return not_there(environment)
    if code in _TOO_FAST:
        return "wait a minute, and run the command again"
    return "run the command again; if it fails again, the message above says why"


def not_there(environment: str) -> str:
    """What to do if something is not deployed."""
    return (
        f"deploy it with make deploy-infra ENV={environment} ACTION=apply, or set AWS_REGION and "
        "AWS_PROFILE to where it is"
    )
