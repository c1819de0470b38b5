using Holdfast.NullBroker;

// Else each receive is handed to another thread; .NET reads it when the first socket is used.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
await new NullBroker(args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 1883).RunAsync();
