package io.openwit.ingest.metastore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/// Where Postgres is and as whom we call: `metastore.postgres.connection_string`, taken apart.
///
/// Two forms are known: libpq's `postgresql://user:password@host:port/db?option=value` (or `postgres://`), with
/// percent-encoding, and JDBC's `jdbc:postgresql:…`, which is passed on as it is.
///
/// @param url JDBC's form; it holds credentials only where the user wrote JDBC's form with them
/// @param user null where the string names none
/// @param password null where the string holds none
/// @param shown what messages and logs may say: host, port and database, no options and no credentials
record PostgresAddress(String url, @Nullable String user, @Nullable String password, String shown) {
    private static final String JDBC = "jdbc:postgresql:";

    /// @throws MetastoreConfigException the text has neither form; the message does not repeat it, as it may hold a
    ///     password
    static PostgresAddress parse(String text) throws MetastoreConfigException {
        String trimmed = text.strip();
        PostgresAddress address;
        if (trimmed.startsWith(JDBC)) {
            address = ofJdbc(trimmed);
        } else if (trimmed.startsWith("postgresql://") || trimmed.startsWith("postgres://")) {
            address = ofUri(trimmed.substring(trimmed.indexOf("://") + 3));
        } else {
            throw malformed("it begins with neither postgresql:// nor jdbc:postgresql:");
        }
        if (Driver.parseURL(address.url, new Properties()) == null) {
            throw malformed("host, port or options cannot be read");
        }
        return address;
    }

    private static PostgresAddress ofJdbc(String text) {
        String place = text.substring(JDBC.length()).replaceFirst("^//", "");
        int options = place.indexOf('?');
        return new PostgresAddress(text, null, null, hidden(options < 0 ? place : place.substring(0, options)));
    }

    private static PostgresAddress ofUri(String rest) throws MetastoreConfigException {
        int optionsAt = rest.indexOf('?');
        String options = optionsAt < 0 ? "" : rest.substring(optionsAt);
        String place = optionsAt < 0 ? rest : rest.substring(0, optionsAt);
        int at = place.lastIndexOf('@');
        String host = place.substring(at + 1);
        if (host.isEmpty() || host.startsWith("/")) {
            throw malformed("it names no host");
        }
        String user = null;
        String password = null;
        if (at >= 0) {
            String credentials = place.substring(0, at);
            int colon = credentials.indexOf(':');
            user = decoded(colon < 0 ? credentials : credentials.substring(0, colon));
            password = colon < 0 ? null : decoded(credentials.substring(colon + 1));
        }
        return new PostgresAddress(
                JDBC + "//" + host + (host.contains("/") ? "" : "/") + options, user, password, hidden(host));
    }

    private static String decoded(String text) throws MetastoreConfigException {
        try {
            // A plus is a plus here: only percent signs encode.
            return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
        } catch (IllegalArgumentException _) {
            throw malformed("a percent sign in user or password is not followed by two hexadecimal digits");
        }
    }

    /// Credentials that someone put before an `@` in JDBC's form, where they do not belong, are not shown either.
    private static String hidden(String place) {
        return place.substring(place.lastIndexOf('@') + 1);
    }

    private static MetastoreConfigException malformed(String why) {
        return new MetastoreConfigException("metastore.postgres.connection_string is malformed: " + why
                + "; write postgresql://user:password@host:port/database or jdbc:postgresql://host:port/database");
    }

    @Override
    public String toString() {
        return shown;
    }
}
