using System.CommandLine;
using System.Text.Json.Nodes;

namespace Holdfast.Server.CommandLine;

/// <summary>The command <c>config</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class ConfigArguments(Terminal terminal)
{
    private readonly Option<string?> _file = ValueOptions.Text("--config", "FILE", $"The file. [default: {Configuration.DefaultFile}, if it is there]");
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var check = new Command("check", "Say what 'serve' would use here, from the file and the environment, and what is wrong with it. Starts nothing.") { _file, _json };
        check.SetAction(result => Check(result.GetValue(_file), result.GetValue(_json)));
        return new Command("config", "Look at the configuration.") { check };
    }

    private int Check(string? file, bool json)
    {
        var serve = new ServeArguments().Build();
        string[] arguments = file is null ? [] : ["--config", file];
        var all = Configuration.Merge(arguments, serve, Environment.GetEnvironmentVariable, out var settings, out var problem);
        problem ??= serve.Parse(all).Errors is [var error, ..] ? error.Message : null;
        if (problem is not null)
        {
            return terminal.Fail(problem);
        }

        terminal.Text.WriteLine(json
            ? new JsonObject(settings.Select(setting => KeyValuePair.Create(setting.Option, (JsonNode?)new JsonObject
            {
                ["values"] = new JsonArray([.. setting.Values.Select(value => JsonValue.Create(value))]),
                ["source"] = setting.Source,
            }))).ToJsonString()
            : string.Join('\n', settings.Select(setting => $"{setting.Option} {string.Join(' ', setting.Values)}  ({setting.Source})").Append("The configuration is good.")));
        return ExitCodes.Success;
    }
}
