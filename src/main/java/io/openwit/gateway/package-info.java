/// Who may write, what a row looks like, which batch it joins, and where the batch goes. The doors call
/// [io.openwit.gateway.Gateway], and nothing below it.
@NullMarked
package io.openwit.gateway;

import org.jspecify.annotations.NullMarked;
