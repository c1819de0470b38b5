using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Device.Figures;
using Holdfast.Testing;

// Prints the figures of docs/device.md. Needs a build of the server: dotnet build -c Release src/Holdfast.Server
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
using var directory = new TemporaryDirectory();
Console.WriteLine("| figure | |\n|---|---|");
await OutboxFigures.PrintAsync(directory);

var (certificate, key) = (directory.Below("certificate.pem"), directory.Below("key.pem"));
TestCertificates.Write(certificate, key);
var securePort = FreePorts.Take();
await using var server = await ServerProcess.StartAsync(new ServerArguments(directory.Below("data"))
{
    Options = ["--listen", $"mqtts://127.0.0.1:{securePort}", "--certificate", certificate, "--key", key],
});
using var authority = X509CertificateLoader.LoadCertificateFromFile(certificate);
await WireFigures.PrintAsync("TCP", new Uri($"mqtt://127.0.0.1:{server.MqttPort}"), authority);
await WireFigures.PrintAsync("TLS", new Uri($"mqtts://127.0.0.1:{securePort}"), authority);
