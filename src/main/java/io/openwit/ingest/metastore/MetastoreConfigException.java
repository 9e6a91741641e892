package io.openwit.ingest.metastore;

/// The configured Postgres will never do, whatever we wait: a malformed connection string, refused credentials, a
/// database that is not there, a schema that is newer than we are. The node ends with exit code 2.
///
/// The message says what is wrong and where, and never holds the password.
public final class MetastoreConfigException extends Exception {
    private static final long serialVersionUID = 1;

    public MetastoreConfigException(String message) {
        super(message);
    }
}
