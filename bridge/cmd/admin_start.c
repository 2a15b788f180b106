/*
 * admin_start.c - the admin server, as a command wants it
 */
#include "cmd/cmd.h"

#include "ops/admin.h"

int cmd_start_admin(struct admin **out, const struct cmd *cmd,
                    struct fault *why)
{
    const struct config *config = &cmd->config;
    struct admin_options options = {
        .host = config->admin.host,
        .port = (int)config->admin.port,
        .port_file = config->admin.port_file,
    };

    *out = NULL;
    if (!config->admin.enabled)
        return 0;
    /* The default port is for the one that others ask: with several
     * processes on a machine, all but `serve` must get out of its way. */
    if (!config->admin.port_given && cmd->spec != &cmd_serve)
        options.port = 0;
    return admin_start(out, &options, why);
}
