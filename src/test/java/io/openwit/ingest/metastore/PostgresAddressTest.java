package io.openwit.ingest.metastore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresAddressTest {
    @Test
    void takesTheFormOfLibpqApart() throws MetastoreConfigException {
        PostgresAddress address =
                PostgresAddress.parse("postgresql://ow%40it:p%3A%2Fa+b%25@db.example:5433/meta?sslmode=require");

        assertThat(address.url()).isEqualTo("jdbc:postgresql://db.example:5433/meta?sslmode=require");
        assertThat(address.user()).isEqualTo("ow@it");
        assertThat(address.password()).isEqualTo("p:/a+b%");
        assertThat(address.shown()).isEqualTo("db.example:5433/meta");
    }

    @Test
    void theShortSchemeAndTheDefaultsOfPostgresWillDo() throws MetastoreConfigException {
        PostgresAddress address = PostgresAddress.parse("postgres://localhost");

        assertThat(address.url()).isEqualTo("jdbc:postgresql://localhost/");
        assertThat(address.user()).isNull();
        assertThat(address.password()).isNull();
    }

    @Test
    void theFormOfJdbcIsPassedOnAndItsOptionsAreNotShown() throws MetastoreConfigException {
        PostgresAddress address = PostgresAddress.parse("jdbc:postgresql://h:1/d?user=u&password=hush");

        assertThat(address.url()).isEqualTo("jdbc:postgresql://h:1/d?user=u&password=hush");
        assertThat(address).hasToString("h:1/d");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://u:hush@h/d",
                "postgresql://u:hush@",
                "postgresql://u:hush%zz@h/d",
                "postgresql://u:hush@h:port/d",
                "jdbc:postgresql://h:99999/d?password=hush",
                "hush"
            })
    void whatIsMalformedIsRefusedWithoutRepeatingThePassword(String text) {
        assertThatThrownBy(() -> PostgresAddress.parse(text))
                .isInstanceOf(MetastoreConfigException.class)
                .hasMessageContaining("malformed")
                .hasMessageNotContaining("hush");
    }
}
