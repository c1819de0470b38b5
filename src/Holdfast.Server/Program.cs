using Holdfast.Server;
using Holdfast.Server.CommandLine;

SocketTuning.Apply(args);
return await Cli.RunAsync(args, Terminal.OfThisProcess());
