/*
 * support_python.h - pieces of plugins that tests put together.
 */
#ifndef LARDER_TESTS_SUPPORT_PYTHON_H
#define LARDER_TESTS_SUPPORT_PYTHON_H

#define SDK "from cadence_sdk import *\n"
#define AGENT "class A(BaseSpecializedAgent):\n    pass\n"
#define CREATE "    @staticmethod\n    def create_agent():\n        return A()\n"
#define FOUR "pid='com.acme.x', name='X', version='1.0', description='d'"
#define METHOD(body) "    @staticmethod\n    def get_metadata():\n" body
#define RETURN(fields) METHOD("        return PluginMetadata(" fields ")\n")

#endif
