/*
 * main.c - finds the subcommand, nothing else.
 *
 * Everything the program makes is for its owner only, whatever verb makes it. The verbs stand in
 * cli/, one file each; start reading at cli/commands.c.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"

int main(int argc, char **argv)
{
    (void)umask(077);
    return commands_run(argc, argv, environ, stdin, stdout, stderr);
}
