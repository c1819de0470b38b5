using Holdfast.Server.CommandLine;

return await Cli.RunAsync(args, Terminal.OfThisProcess());
